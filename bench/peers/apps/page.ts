/** The one page of both applications. */
import { page } from '../../page.ts';

export const PAGE_TEXT = page(1024);
