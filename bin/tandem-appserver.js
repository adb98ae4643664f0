#!/usr/bin/env node
import './version.js';
import { load } from './load.js';

// Signals are caught before anything slow is loaded: HUP and USR2 would kill, TTIN would stop us.
const { SignalQueue } = await load('prefork/signals');
const signals = new SignalQueue();
const { useCompileCache } = await load('prefork/environment');
useCompileCache();
const { main } = await load('appserver/main');
process.exitCode = await main(process.argv.slice(2), signals);
signals.close();
