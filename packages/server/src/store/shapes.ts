// Code for rows of one shape, made once a statement. A loop over the names of columns looks each one up anew in every row, and gives an
// object its shape step by step: it takes ten times as long. Where Node lets nobody make code (--disallow-code-generation-from-strings),
// the loop does.

/** Makes an object of the values of a row, in the order of `names`. */
export function objectMaker(names: readonly string[]): (values: readonly unknown[]) => object {
  const properties = names.map((name, index) => `${JSON.stringify(name)}: values[${index}]`);
  return (
    made('values', `return { ${properties.join(', ')} };`) ??
    ((values) => Object.fromEntries(names.map((name, index) => [name, values[index]])))
  );
}

/** Appends what a row holds under `names`, null for what it does not. */
export function valuesAppender(names: readonly string[]): (row: object, values: unknown[]) => void {
  const reads = names.map((name) => `row[${JSON.stringify(name)}] ?? null`);
  return (
    made('row', 'values', `values.push(${reads.join(', ')});`) ??
    ((row, values) => {
      for (const name of names) values.push((row as Record<string, unknown>)[name] ?? null);
    })
  );
}

/** Undefined where code may not be made of texts. */
function made<F>(...parametersAndBody: string[]): F | undefined {
  try {
    return new Function(...parametersAndBody) as F;
  } catch (error) {
    if (error instanceof EvalError) return undefined;
    throw error;
  }
}
