export interface Reader {}
