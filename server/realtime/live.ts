export interface Live {}
