import { type Command, Option as Flag } from 'commander';
import {
  type ConfigOptions,
  defaultConfig,
  envName,
  flagName,
  OPTION_NAMES,
  OPTIONS,
  type Option,
  type OptionName,
} from '../config.js';

const PLACEHOLDERS: Record<Option['type'], string> = {
  int: ' <number>',
  number: ' <number>',
  size: ' <bytes>',
  duration: ' <ms>',
  string: ' <text>',
  enum: ' <word>',
  bool: ' [true|false]',
};

const isSecret = (option: Option) => option.type === 'string' && option.secret === true;

/** Adds a flag for every option that may be one. Values stay as typed: resolveConfig reads them. */
export function addConfigFlags(
  command: Command,
  defaults: ConfigOptions = {},
  names: readonly OptionName[] = OPTION_NAMES,
): Command {
  for (const name of names) {
    const option: Option = OPTIONS[name];
    if (isSecret(option)) continue; // every user of the machine can read the arguments of a process
    const value = { ...defaultConfig, ...defaults }[name];
    command.addOption(
      new Flag(flagName(name) + PLACEHOLDERS[option.type], `${option.description} (${envName(name)}, default ${value})`),
    );
  }
  return command;
}
