import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** Below this, compression saves no packet. */
const SMALL = 1_024;

/** Compresses once, at build time, as well as it goes; the server only picks. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    writeBundle({ dir = '' }) {
      for (const name of readdirSync(dir, { recursive: true }).map(String)) {
        const path = join(dir, name);
        if (!/\.(js|css|svg|json)$/.test(name) || statSync(path).size < SMALL) continue;
        const bytes = readFileSync(path);
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } }));
      }
    },
  };
}

export default defineConfig({
  root: here('.'),
  base: './', // the page's <base> and import.meta.url know the mount prefix; the build does not
  plugins: [react(), tailwindcss(), precompress()],
  resolve: {
    alias: [
      { find: /^@pipelogiq\/protocol$/, replacement: here('../protocol/src/index.ts') },
      // It writes a <style> into the page, which the content security policy refuses.
      { find: /^react-remove-scroll$/, replacement: here('src/ui/remove-scroll.tsx') },
    ],
  },
  build: {
    outDir: process.env.OUT_DIR ?? here('dist'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0, // data: URLs of fonts and scripts would need holes in the policy
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
