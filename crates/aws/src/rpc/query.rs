//! The query protocol: a form in, XML out.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// How deep elements may be in each other; the services stay below ten.
const DEPTH: usize = 64;

/// The members of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) fn new() -> Form {
        Form::default()
    }

    /// A member, unless there is none; an empty text is one.
    pub(crate) fn text(mut self, name: &str, text: Option<&str>) -> Form {
        self.0.extend(text.map(|text| (name.to_owned(), text.to_owned())));
        self
    }

    /// A list of texts. An empty list is sent as such when it is to replace another.
    pub(crate) fn list<T: AsRef<str>>(mut self, name: &str, items: impl IntoIterator<Item = T>) -> Form {
        let items = items.into_iter().enumerate();
        self.0.extend(items.map(|(at, item)| (format!("{name}.member.{}", at + 1), item.as_ref().to_owned())));
        self
    }

    /// A list of structures.
    pub(crate) fn structures(mut self, name: &str, items: impl IntoIterator<Item = Form>) -> Form {
        for (at, item) in items.into_iter().enumerate() {
            let members = item.0.into_iter().map(|(member, text)| (format!("{name}.member.{}.{member}", at + 1), text));
            self.0.extend(members);
        }
        self
    }

    /// A structure.
    pub(crate) fn structure(mut self, name: &str, item: Form) -> Form {
        self.0.extend(item.0.into_iter().map(|(member, text)| (format!("{name}.{member}"), text)));
        self
    }

    /// Tags, as all services of this protocol have them.
    pub(crate) fn tags(self, tags: &BTreeMap<String, String>) -> Form {
        let tag = |(key, value): (&String, &String)| Form::new().text("Key", Some(key)).text("Value", Some(value));
        self.structures("Tags", tags.iter().map(tag))
    }

    /// The body of a request. Blanks are written as the signature has them.
    pub(super) fn encoded(&self, operation: &str, version: &str) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", operation).append_pair("Version", version);
        form.extend_pairs(&self.0);
        form.finish().replace('+', "%20")
    }
}

/// An element of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// Reads a document: its root.
    ///
    /// # Errors
    /// When it is no XML, or one that no service would send.
    pub(super) fn parse(document: &[u8]) -> Result<Element, String> {
        let mut reader = Reader::from_reader(document);
        let mut open = vec![Element::default()];
        loop {
            match reader.read_event().map_err(|error| format!("no XML: {error}"))? {
                Event::Start(start) if open.len() <= DEPTH => open.push(Element::named(start.local_name().as_ref())),
                Event::Start(_) => return Err("XML that is nested too deep".to_owned()),
                Event::Empty(start) => {
                    if let Some(parent) = open.last_mut() {
                        parent.children.push(Element::named(start.local_name().as_ref()));
                    }
                }
                Event::End(_) => {
                    if let Some(done) = open.pop()
                        && let Some(parent) = open.last_mut()
                    {
                        parent.children.push(done);
                    }
                }
                Event::Text(text) => {
                    let text = text.decode().map_err(|error| format!("no XML: {error}"))?;
                    add_text(&mut open, &text);
                }
                Event::CData(text) => {
                    let text = text.decode().map_err(|error| format!("no XML: {error}"))?;
                    add_text(&mut open, &text);
                }
                Event::GeneralRef(reference) => {
                    let character = reference.resolve_char_ref().map_err(|error| format!("no XML: {error}"))?;
                    let name = reference.decode().map_err(|error| format!("no XML: {error}"))?;
                    match (character, resolve_predefined_entity(&name)) {
                        (Some(character), _) => add_text(&mut open, character.encode_utf8(&mut [0; 4])),
                        (None, Some(text)) => add_text(&mut open, text),
                        (None, None) => return Err(format!("XML with an unknown entity, {name}")),
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        let mut roots = open.pop().filter(|_| open.is_empty()).map(|outermost| outermost.children).unwrap_or_default();
        match (roots.pop(), roots.is_empty()) {
            (Some(root), true) => Ok(root),
            _ => Err("no whole XML document".to_owned()),
        }
    }

    fn named(name: &[u8]) -> Element {
        Element { name: String::from_utf8_lossy(name).into_owned(), ..Element::default() }
    }

    /// A child.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of a child, if it is there and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str()).filter(|text| !text.is_empty())
    }

    /// The element's own text.
    pub(crate) fn own_text(&self) -> &str {
        &self.text
    }

    /// The members of a child that is a list.
    pub(crate) fn members(&self, list: &str) -> impl Iterator<Item = &Element> {
        self.child(list).map(|list| list.children.as_slice()).unwrap_or_default().iter()
    }

    /// The same, taken out.
    pub(super) fn into_members(self, list: &str) -> Vec<Element> {
        let list = self.children.into_iter().find(|child| child.name == list);
        list.map(|list| list.children).unwrap_or_default()
    }

    /// The entries of a list of tags.
    pub(crate) fn tags(&self, list: &str) -> BTreeMap<String, String> {
        let text = |tag: &Element, name: &str| tag.text(name).unwrap_or_default().to_owned();
        let tags = self.members(list).map(|tag| (text(tag, "Key"), text(tag, "Value")));
        // Those of AWS itself are no concern of ours.
        tags.filter(|(key, _)| !key.starts_with("aws:")).collect()
    }
}

fn add_text(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// The result in an answer: what is in `<OperationResult>`, which operations without results leave out.
pub(super) fn result(body: &[u8]) -> Result<Element, String> {
    let document = Element::parse(body)?;
    if !document.name.ends_with("Response") {
        return Err(format!("<{}> is no answer of the query protocol", document.name));
    }
    let found = document.children.into_iter().find(|child| child.name.ends_with("Result"));
    Ok(found.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_numbered_and_encoded() {
        let tags = BTreeMap::from([("a b".to_owned(), "1+1&c".to_owned())]);
        let form = Form::new()
            .text("Name", Some("é"))
            .text("Path", None)
            .list("Keys", ["x", "y"])
            .structure("Stat", Form::new().text("Period", Some("60")))
            .tags(&tags);
        assert_eq!(
            form.encoded("Op", "2010-05-08"),
            "Action=Op&Version=2010-05-08&Name=%C3%A9&Keys.member.1=x&Keys.member.2=y&Stat.Period=60\
             &Tags.member.1.Key=a%20b&Tags.member.1.Value=1%2B1%26c"
        );
    }

    #[test]
    fn answers_are_read_with_their_lists_and_entities() {
        let body = b"<?xml version=\"1.0\"?><OpResponse xmlns=\"x\"><OpResult><Role><Name>a&lt;b&#233;&amp;</Name><Empty/>\
            <Tags>\n<member><Key>k</Key><Value/></member><member><Key>aws:x</Key><Value>1</Value></member></Tags></Role>\
            <Marker>m</Marker></OpResult><ResponseMetadata/></OpResponse>";
        let result = result(body).unwrap();
        let role = result.child("Role").unwrap();
        assert_eq!(
            (role.text("Name"), role.text("Empty"), result.text("Marker")),
            (Some("a<b\u{e9}&"), None, Some("m"))
        );
        assert_eq!(role.tags("Tags"), BTreeMap::from([("k".to_owned(), String::new())]));
        assert_eq!(super::result(b"<DeleteRoleResponse/>").unwrap(), Element::default());
    }

    #[test]
    fn what_is_no_answer_is_said_to_be_none() {
        let deep = format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000));
        for body in
            ["", "<a", "<a><b></a>", "<html/>", "{}", "<a/><b/>", "<OpResponse>", "<OpResponse>&x;</OpResponse>", &deep]
        {
            assert!(result(body.as_bytes()).is_err(), "{}", body.get(..20).unwrap_or(body));
        }
        assert!(result(b"<OpResponse>\xff\xfe</OpResponse>").is_err());
    }
}
