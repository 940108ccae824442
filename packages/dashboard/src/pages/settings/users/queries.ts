import { type Invitation, type Page, ROUTES, type User } from '@pipelogiq/protocol';
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { get } from '../../../api/http.js';
import { keyOf } from '../../../api/keys.js';

const PAGE = 50;
const MOST_INVITATIONS = 200;

export const usersQuery = (cursor: string | undefined) =>
  queryOptions({
    queryKey: keyOf('settings', 'users', cursor),
    queryFn: ({ signal }) => get<Page<User>>(ROUTES.users, { limit: PAGE, cursor }, signal),
    placeholderData: keepPreviousData,
  });

export const invitationsQuery = queryOptions({
  queryKey: keyOf('settings', 'invitations'),
  queryFn: ({ signal }) => get<Page<Invitation>>(ROUTES.usersInvitations, { limit: MOST_INVITATIONS }, signal),
});
