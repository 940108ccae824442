import { layoutOf, type Shape } from './layout.js';

self.onmessage = ({ data }: MessageEvent<Shape>) => self.postMessage(layoutOf(data));
