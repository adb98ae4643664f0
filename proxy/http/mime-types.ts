/**
 * Media types for `include mime.types` on a machine that has no such file: the registry of the
 * mime-db package, with nginx's own choice where the two differ.
 */
import { createRequire } from 'node:module';

interface MimeDbEntry {
  readonly source?: string;
  readonly extensions?: readonly string[];
}

/** Where nginx's mime.types names another type than the registry. */
const NGINX_CHOICES: Readonly<Record<string, string>> = {
  js: 'application/javascript',
  xml: 'text/xml',
  ico: 'image/x-icon',
  jng: 'image/x-jng',
  m4v: 'video/x-m4v',
  m4a: 'audio/x-m4a',
  ra: 'audio/x-realaudio',
  mp3: 'audio/mpeg',
  rar: 'application/x-rar-compressed',
  rtf: 'application/rtf',
  run: 'application/x-makeself',
  sea: 'application/x-sea',
  pl: 'application/x-perl',
  pm: 'application/x-perl',
  prc: 'application/x-pilot',
  pdb: 'application/x-pilot',
  tcl: 'application/x-tcl',
  tk: 'application/x-tcl',
  der: 'application/x-x509-ca-cert',
  pem: 'application/x-x509-ca-cert',
  crt: 'application/x-x509-ca-cert',
  cco: 'application/x-cocoa',
  jardiff: 'application/x-java-archive-diff',
  kar: 'audio/midi',
  bmp: 'image/x-ms-bmp',
  mml: 'text/mathml',
  htc: 'text/x-component',
  exe: 'application/octet-stream',
  dll: 'application/octet-stream',
  deb: 'application/octet-stream',
  dmg: 'application/octet-stream',
  iso: 'application/octet-stream',
  img: 'application/octet-stream',
  msi: 'application/octet-stream',
  msp: 'application/octet-stream',
  msm: 'application/octet-stream',
  bin: 'application/octet-stream',
  jar: 'application/java-archive',
  war: 'application/java-archive',
  ear: 'application/java-archive',
  wmlc: 'application/vnd.wap.wmlc',
  '3gpp': 'video/3gpp',
  '3gp': 'video/3gpp',
  mp4: 'video/mp4',
  ts: 'video/mp2t',
  asx: 'video/x-ms-asf',
  wbmp: 'image/vnd.wap.wbmp',
};

/** The text of a `mime.types` file, or `undefined` where `name` is another file. */
export function builtInMimeTypes(name: string): string | undefined {
  if (!name.endsWith('/mime.types')) return undefined;
  let text = 'types {\n';
  for (const [type, extensions] of byType(typesByExtension())) {
    text += `  ${type} ${extensions.join(' ')};\n`;
  }
  return `${text}}\n`;
}

function typesByExtension(): Map<string, string> {
  // Loaded on demand: a configuration with its own types never pays for the registry.
  const registry: Record<string, MimeDbEntry> = createRequire(import.meta.url)('mime-db');
  const types = new Map<string, string>();
  for (const wanted of ['iana', 'apache', 'nginx', undefined]) {
    for (const [type, { source, extensions = [] }] of Object.entries(registry)) {
      if (source !== wanted) continue;
      for (const extension of extensions) {
        if (!types.has(extension)) types.set(extension, type);
      }
    }
  }
  for (const [extension, type] of Object.entries(NGINX_CHOICES)) types.set(extension, type);
  return types;
}

function byType(types: ReadonlyMap<string, string>): Map<string, string[]> {
  const grouped = new Map<string, string[]>();
  for (const [extension, type] of types) {
    const list = grouped.get(type);
    if (list === undefined) grouped.set(type, [extension]);
    else list.push(extension);
  }
  return grouped;
}
