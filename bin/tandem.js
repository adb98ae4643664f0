#!/usr/bin/env node
import './version.js';
import { load } from './load.js';

const { useCompileCache } = await load('prefork/environment');
useCompileCache();
const { main } = await load('cli/main');
process.exitCode = await main(process.argv.slice(2));
