/** To be imported before any schema: zod otherwise compiles its checks with `new Function`, which the page's policy forbids and counts as an attack. */
import { config } from 'zod';

config({ jitless: true });
