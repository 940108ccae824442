import { type InputHTMLAttributes, useEffect, useRef, useState } from 'react';
import { Input } from './field.js';

/** A pause in typing that is long enough to ask. */
const PAUSE_MS = 180;

interface TypedInputProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'value' | 'onChange'> {
  value: string | undefined;
  onText(text: string | undefined): void;
}

/** What is typed shows at once, and reaches the address when one pauses, or with Enter. */
export function TypedInput({ value, onText, ...rest }: TypedInputProps) {
  const [text, setText] = useState(value ?? '');
  const told = useRef(value);
  const tell = useRef(onText);
  useEffect(() => {
    tell.current = onText;
  });
  useEffect(() => {
    if (value === told.current) return; // it came from here
    told.current = value;
    setText(value ?? '');
  }, [value]);
  useEffect(() => {
    const next = text.trim() === '' ? undefined : text.trim();
    if (next === told.current) return;
    const timer = setTimeout(() => {
      told.current = next;
      tell.current(next);
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return <Input {...rest} maxLength={200} value={text} onChange={({ target }) => setText(target.value)} />;
}
