/** Splits CSV text, piece by piece as it comes, into records. */

/** Takes CSV text in pieces. */
export interface CsvReader {
  push(text: string): void;
  /** Tells that nothing more comes; whether text was left that no line end closes. */
  end(): boolean;
}

/** Of a field that is longer only this much is kept, so that no field can fill the memory. */
const fieldLimit = 64 * 1024;
const lineFeed = 10;
const quoteCode = 34;

/**
 * Quotes as in RFC 4180: a field that begins with a quote goes to its closing one and may hold delimiters, line ends and
 * doubled quotes. A quote inside a field that does not begin with one is an ordinary character. Lines end with LF or CRLF.
 * @param delimiter one character
 * @param onRecord takes the fields of each whole record; an empty line is none
 */
export function createCsvReader(delimiter: string, onRecord: (fields: string[]) => void): CsvReader {
  const delimiterCode = delimiter.charCodeAt(0);
  let fields: string[] = [];
  let field = '';
  let begun = false;
  /** Whether the field's last character stood outside quotes: only then can a carriage return belong to the line end. */
  let endsPlain = false;
  let state: 'plain' | 'quoted' | 'afterQuote' = 'plain';

  const append = (text: string, plain: boolean) => {
    if (field.length < fieldLimit) field += text.length > fieldLimit ? text.slice(0, fieldLimit) : text;
    begun = true;
    if (text !== '') endsPlain = plain;
  };
  const endField = () => {
    fields.push(field);
    field = '';
    begun = false;
    endsPlain = false;
    state = 'plain';
  };
  const endRecord = () => {
    if (endsPlain && field.endsWith('\r')) field = field.slice(0, -1);
    endField();
    if (fields.length > 1 || fields[0] !== '') onRecord(fields);
    fields = [];
  };

  return {
    push(text) {
      let at = 0;
      while (at < text.length) {
        if (state === 'quoted') {
          const quote = text.indexOf('"', at);
          append(text.slice(at, quote < 0 ? undefined : quote), false);
          if (quote < 0) return;
          state = 'afterQuote';
          at = quote + 1;
          continue;
        }
        if (state === 'afterQuote') {
          state = 'plain';
          if (text.charAt(at) === '"') {
            append('"', false);
            state = 'quoted';
            at += 1;
            continue;
          }
        } else if (!begun && text.charCodeAt(at) === quoteCode) {
          begun = true;
          state = 'quoted';
          at += 1;
          continue;
        }
        const from = at;
        for (; at < text.length; at += 1) {
          const code = text.charCodeAt(at);
          if (code === delimiterCode || code === lineFeed) break;
        }
        if (at > from) append(text.slice(from, at), true);
        if (at === text.length) return;
        if (text.charCodeAt(at) === lineFeed) endRecord();
        else endField();
        at += 1;
      }
    },
    end: () => begun || fields.length > 0 || state !== 'plain',
  };
}
