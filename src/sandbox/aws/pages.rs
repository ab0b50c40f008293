//! Pages of the listings of EC2.

use super::response::refuse;
use super::xml::leaf_if;
use crate::sandbox::call::{Call, Refusal};
use crate::sandbox::paging::{Page, page};

/// What `MaxResults` may be, and what is given without it.
const PAGE: std::ops::RangeInclusive<usize> = 5..=1000;

/// The page that a call asks for. Tokens are good for the listing `name` alone.
pub(super) fn page_of<T>(all: Vec<T>, name: &str, call: &Call) -> Result<Page<T>, Refusal> {
    page(all, name, call.param("NextToken"), page_size(call)?)
        .map_err(|_| refuse("InvalidNextToken", "The token is invalid."))
}

/// `nextToken`, if there is more.
pub(super) fn next_token(token: Option<String>) -> String {
    leaf_if("nextToken", &token.unwrap_or_default())
}

/// How many items a call wants on a page.
fn page_size(call: &Call) -> Result<usize, Refusal> {
    let Some(text) = call.param("MaxResults") else { return Ok(*PAGE.end()) };
    text.parse().ok().filter(|size| PAGE.contains(size)).ok_or_else(|| {
        let message = format!("Value ( {text} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.");
        refuse("InvalidParameterValue", message)
    })
}
