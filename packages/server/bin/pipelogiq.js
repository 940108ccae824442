#!/usr/bin/env node
// Not the built file itself: npm links a command only when its file is there, and in a clone it is built after that.
import '../dist/cli.js';
