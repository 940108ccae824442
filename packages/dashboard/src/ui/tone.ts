/** The tones of status. Each comes with a shape and a word: colour alone says nothing to many. */
export type StatusTone = 'ok' | 'run' | 'warn' | 'bad' | 'idle';

export const TONE_TEXT: Record<StatusTone, string> = {
  ok: 'text-ok',
  run: 'text-run',
  warn: 'text-warn',
  bad: 'text-bad',
  idle: 'text-idle',
};

export const TONE_SOFT: Record<StatusTone, string> = {
  ok: 'bg-ok-soft text-ok',
  run: 'bg-run-soft text-run',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  idle: 'bg-idle-soft text-idle',
};
