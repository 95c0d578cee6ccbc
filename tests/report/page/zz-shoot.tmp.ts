import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { readFileSync, readdirSync, writeFileSync, mkdirSync } from 'node:fs';
const root='/work/main';
const out='/tmp/g2-shots'; mkdirSync(out,{recursive:true});
const js = await build({stdin:{contents:`import {renderReport} from './report/page/render.js'; globalThis.renderReport = renderReport;`, resolveDir: root, loader:'ts'}, bundle:true, write:false, format:'iife', minify:true, target:'es2022'});
const css = (await build({entryPoints:[root+'/report/page/report.css'], bundle:true, write:false, minify:true})).outputFiles[0].text;
const code = js.outputFiles[0].text;
const { gzipSync } = await import('node:zlib');
console.log('js gz', gzipSync(code).length, 'css gz', gzipSync(css).length);
const names = process.argv[2]?.split(',') ?? ['passing','smokeFailed','rolledBack','huge'];
const modes = process.argv[3]?.split(',') ?? ['light','dark','narrow','wide','print'];
const pics = Object.fromEntries(readdirSync(root+'/tests/report/samples/pictures').map(f=>[f,'data:image/png;base64,'+readFileSync(root+'/tests/report/samples/pictures/'+f).toString('base64')]));
const browser = await chromium.launch({executablePath:'/usr/bin/chromium', args:['--no-sandbox']});
for (const name of names) {
  const file = name.includes('/') ? name : `${root}/tests/report/samples/${name}.json`;
  const data = readFileSync(file,'utf8');
  for (const mode of modes) {
    const page = await browser.newPage({viewport:{width: mode==='narrow'?320:mode==='wide'?1920:1200, height: 900}, colorScheme: mode==='dark'?'dark':'light'});
    page.on('console', m=>console.log(name,mode,m.type(),m.text())); page.on('pageerror', e=>console.log(name,mode,'ERR',e.message));
    await page.setContent(`<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width, initial-scale=1"><title>r</title><style>${css}</style><body><div id=r></div></body></html>`);
    await page.addScriptTag({content: code});
    const ms = await page.evaluate(`(()=>{const d=${data}; const p=new Map(Object.entries(${JSON.stringify(pics)})); const t=performance.now(); const base=${JSON.stringify(mode)}; globalThis.view=renderReport(document.getElementById('r'), d, {pictures:p, links:{log:(part)=>'https://example.test/log', artifacts:[{name:'packer.log',url:'logs/packer.log'},{name:'load report',url:'https://example.test/x'}]}}); const t1=performance.now(); document.body.offsetHeight; return [t1-t, performance.now()-t1, document.querySelectorAll('*').length, document.documentElement.scrollWidth]})()`);
    console.log(name, mode, ms);
    await page.evaluate('Promise.all([...document.images].map(i=>i.decode().catch(()=>0)))'); const wide = await page.evaluate(`[...document.querySelectorAll('.bake-and-roll-report *')].filter(e=>{const r=e.getBoundingClientRect(); return r.right>innerWidth+1 && !e.closest('.scroll')}).slice(0,6).map(e=>e.tagName+'.'+(e.getAttribute('class')??'')+' '+Math.round(e.getBoundingClientRect().right))`); if (wide.length) console.log('WIDE', wide);
    if (mode==='print') { await page.setViewportSize({width:794,height:1100}); await page.emulateMedia({media:'print'}); await page.screenshot({path:`${out}/${name.split('/').at(-1)}-print.png`, fullPage:true}); }
    else if (mode==='pdf') await page.pdf({path:`${out}/${name.split('/').at(-1)}-print.pdf`, format:'A4', margin:{top:'12mm',bottom:'12mm',left:'12mm',right:'12mm'}});
    else await page.screenshot({path:`${out}/${name.split('/').at(-1)}-${mode}.png`, fullPage:true});
    await page.close();
  }
}
await browser.close();
