export { type UpsertedComment, upsertComment } from './comment.ts';
export { commentBody, commentName } from './comment-body.ts';
export { currentPullRequest, type PullRequest } from './pull-request.ts';
