//! How EC2 and STS write lists and values in XML.

pub(super) use crate::cloud::xml::Element;

/// An answer that is well-formed but does not say what it must: a fragment for a message.
pub(super) type Unreadable = String;

impl Element<'_> {
    /// The child called `name`; none if there are several, of which any may be the true one.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        let mut named = self.children.iter().filter(|child| child.name == name);
        named.next().filter(|_| named.next().is_none())
    }

    /// The text of the child `name`, unless it is empty or not there.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim()).filter(|text| !text.is_empty())
    }

    /// The members of the child `name`; none if that is not there. What holds anything but
    /// `item`s is not a list: one that is misread would look like an empty one.
    pub(super) fn items(&self, name: &str) -> Result<&[Self], Unreadable> {
        let Some(list) = self.child(name) else { return Ok(&[]) };
        let is_list = list.text.trim().is_empty() && list.children.iter().all(|c| c.name == "item");
        if is_list { Ok(&list.children) } else { Err(format!("{name} is not a list of items")) }
    }
}
