import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';
import { CommitUnknown, endsSession, failureOf, reachable } from './failures.js';

const error = (code: string, severity = 'ERROR') => Object.assign(new DatabaseError(code, 1, 'error'), { code, severity });

describe('an error of PostgreSQL', () => {
  it.each([
    ['53100', 'unavailable', 'the disk is full'],
    ['53300', 'unavailable', 'too many connections'],
    ['57P03', 'unavailable', 'it is starting up'],
    ['57014', 'unavailable', 'a statement took too long'],
    ['55P03', 'unavailable', 'a lock was not to be had'],
    ['25006', 'unavailable', 'it is read only'],
    ['25P03', 'unavailable', 'the transaction was idle for too long'],
    ['28P01', 'unavailable', 'the password is wrong'],
    ['3D000', 'unavailable', 'the database is gone'],
    ['42501', 'unavailable', 'the role lacks a right'],
    ['08P01', 'unavailable', 'a pooler lost its server'],
    ['XX001', 'unavailable', 'a page is damaged'],
    ['58030', 'unavailable', 'the disk failed'],
    ['40P01', 'conflict', 'a deadlock'],
    ['40001', 'conflict', 'a serialization failure'],
    ['23505', 'data', 'a key is there already'],
    ['23514', 'data', 'a check failed'],
    ['22021', 'data', 'a text is no UTF-8'],
    ['54000', 'data', 'a value is too long for an index'],
    ['25P02', 'data', 'a statement after one that failed'],
  ])('%s is %s: %s', (code, failure) => {
    expect(failureOf(error(code))).toBe(failure);
  });

  it('ends the session when it is fatal', () => {
    expect([error('57P01', 'FATAL'), error('57P02', 'PANIC'), error('57014')].map(endsSession)).toEqual([true, true, false]);
  });
});

describe('an error of the connection', () => {
  it('is told from one of the database, and keeps its words', async () => {
    const refused = Object.assign(
      new AggregateError([new Error('connect ECONNREFUSED ::1:1'), new Error('connect ECONNREFUSED 127.0.0.1:1')]),
      {
        code: 'ECONNREFUSED',
      },
    );
    const lost = await reachable(Promise.reject(refused)).catch((cause) => cause);
    expect(lost.message).toBe('connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1');
    expect([failureOf(lost), endsSession(lost)]).toEqual(['unavailable', true]);
    await expect(reachable(Promise.reject(error('23505')))).rejects.toThrow(DatabaseError);
  });

  it('at the commit leaves open whether it counts', () => {
    expect(failureOf(new CommitUnknown('x'))).toBe('unknown_outcome');
  });
});

it('an error of our own is about the data', () => {
  expect(failureOf(new TypeError('x'))).toBe('data');
});
