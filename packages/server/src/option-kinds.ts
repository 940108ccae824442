export const KIB = 1024;
export const MIB = 1024 * KIB;
export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;

interface Described {
  description: string;
}
export interface IntOption extends Described {
  type: 'int' | 'number' | 'size' | 'duration';
  default: number;
  min: number;
  max: number;
}
export interface StringOption extends Described {
  type: 'string';
  default?: string;
  minLength?: number;
  /** Never printed, and only taken from the environment: flags can be read by every user of the machine. */
  secret?: true;
}
export interface EnumOption extends Described {
  type: 'enum';
  default: string;
  values: readonly string[];
}
export interface BoolOption extends Described {
  type: 'bool';
  default: boolean;
}
export type Option = IntOption | StringOption | EnumOption | BoolOption;
