/** What nginx knows of browsers by their User-Agent: ngx_http_process_user_agent. */

/** Where `MSIE ` stands in a name that counts as Internet Explorer, else -1. Opera claimed it too. */
function msieAt(userAgent: string | undefined): number {
  if (userAgent === undefined) return -1;
  const at = userAgent.indexOf('MSIE ');
  if (at === -1 || at + 7 >= userAgent.length || userAgent.includes('Opera')) return -1;
  return at;
}

/** Whether it is Internet Explorer. */
export function isMsie(userAgent: string | undefined): boolean {
  return msieAt(userAgent) !== -1;
}

/** Whether it is Internet Explorer 4, 5 or 6 before its second service pack (`msie6`). */
export function isMsie6(userAgent: string | undefined): boolean {
  const at = msieAt(userAgent);
  if (at === -1 || userAgent === undefined || userAgent[at + 6] !== '.') return false;
  const version = userAgent[at + 5];
  if (version === '4' || version === '5') return true;
  return version === '6' && !userAgent.includes('SV1', at + 8);
}

/** Whether it is Chrome and says nothing of Gecko or Internet Explorer. */
export function isChrome(userAgent: string | undefined): boolean {
  return isOnly(userAgent, 'Chrome/') && !userAgent!.includes('Gecko/');
}

/** Whether it is Safari on a Mac, which is not Chrome. */
export function isSafariOnMac(userAgent: string | undefined): boolean {
  if (!isOnly(userAgent, 'Safari/') || !userAgent!.includes('Mac OS X')) return false;
  return !userAgent!.includes('Gecko/') && !userAgent!.includes('Chrome/');
}

function isOnly(userAgent: string | undefined, mark: string): boolean {
  if (userAgent === undefined || !userAgent.includes(mark)) return false;
  return !isMsie(userAgent) && !userAgent.includes('Opera');
}
