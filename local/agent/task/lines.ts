/** Cuts a byte stream into lines at \n, \r and \r\n; bytes that are no UTF-8 become U+FFFD. */

export interface LineSplitter {
  push: (chunk: Buffer) => void;
  /** The rest, when it does not end with a line end. */
  end: () => void;
}

export function createLineSplitter(onLine: (line: string) => void): LineSplitter {
  let parts: Buffer[] = [];
  let afterReturn = false;
  const emit = () => {
    const line = Buffer.concat(parts).toString('utf8');
    parts = [];
    onLine(line);
  };
  return {
    push: chunk => {
      let start = 0;
      for (let index = 0; index < chunk.length; index++) {
        const byte = chunk[index];
        if (byte === 0x0a && afterReturn) {
          afterReturn = false;
          start = index + 1;
          continue;
        }
        afterReturn = byte === 0x0d;
        if (byte !== 0x0a && byte !== 0x0d) continue;
        parts.push(chunk.subarray(start, index));
        emit();
        start = index + 1;
      }
      if (start < chunk.length) parts.push(chunk.subarray(start));
    },
    end: () => {
      if (parts.length > 0) emit();
    },
  };
}
