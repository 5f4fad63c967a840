import type * as v from 'valibot';

/** What a schema found wrong, in one line: each field by its path, then why. */
export function describeIssues(issues: readonly v.BaseIssue<unknown>[]): string {
  return issues
    .map((issue) => {
      const field = issue.path?.map(({ key }) => String(key)).join('.') ?? '';
      return (field === '' ? '' : `field "${field}": `) + issue.message;
    })
    .join('; ');
}
