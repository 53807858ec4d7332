export type { Mailbox } from './model/address';
