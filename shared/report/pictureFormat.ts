/** What a picture is, told by its first bytes, never by its name. Pure. */

export interface PictureFormat {
  /** Of a file's name, without the dot. */
  readonly extension: string;
  readonly type: string;
}

/** Formats that a browser draws and cannot run. */
const formats: readonly (PictureFormat & { readonly begin: RegExp })[] = [
  { extension: 'png', type: 'image/png', begin: /^\x89PNG\r\n\x1a\n/ },
  { extension: 'jpg', type: 'image/jpeg', begin: /^\xff\xd8\xff/ },
  { extension: 'webp', type: 'image/webp', begin: /^RIFF[^]{4}WEBP/ },
  { extension: 'gif', type: 'image/gif', begin: /^GIF8[79]a/ },
];

/** How many bytes tell. */
export const tellingBytes = 16;

/** Undefined for what is no picture. */
export function pictureFormat(bytes: Uint8Array): PictureFormat | undefined {
  const begin = String.fromCharCode(...bytes.subarray(0, tellingBytes));
  return formats.find(one => one.begin.test(begin));
}
