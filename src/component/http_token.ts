/** A token, such as the name of a header (RFC 9110, 5.6.2). */
export const HTTP_TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
