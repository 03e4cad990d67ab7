//! Small XML documents from devices, as a tree of bounded size.
//!
//! What is here: elements, attributes and text, without namespaces (devices choose prefixes freely; local names tell
//! enough where we look). Documents with a document type are refused: no entities but the five of XML.
//! What is not here: any vocabulary.

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

/// Deepest nesting.
const DEEPEST: usize = 32;
/// Most elements.
const MOST_ELEMENTS: usize = 16_384;
/// Most attributes of an element.
const MOST_ATTRIBUTES: usize = 32;
/// Longest text or attribute value that is kept, in bytes.
const LONGEST_VALUE: usize = 4096;

/// Why bytes are no document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadXml {
    /// Longer than allowed.
    #[error("the document is longer than {0} bytes")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("the document is not UTF-8")]
    NotText,
    /// Not well-formed.
    #[error("the document is not well-formed: {0}")]
    Malformed(String),
    /// Too deep, too many elements, too long a value, or a document type.
    #[error("the document has {0}")]
    Excessive(&'static str),
}

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// Its name without prefix.
    pub(crate) name: String,
    /// Its attributes: name without prefix, and value.
    pub(crate) attributes: Vec<(String, String)>,
    /// Its own text, trimmed.
    pub(crate) text: String,
    /// The elements in it.
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// The attribute's value.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The elements of this name directly in this one.
    pub(crate) fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The elements of this name anywhere in this one, in the document's order.
    pub(crate) fn descendants(&self, name: &str) -> Vec<&Self> {
        let mut found = Vec::new();
        let mut rest: Vec<&Self> = self.children.iter().rev().collect();
        while let Some(element) = rest.pop() {
            if element.name == name {
                found.push(element);
            }
            rest.extend(element.children.iter().rev());
        }
        found
    }

    /// The text of the first element of this name in this one, unless empty.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.descendants(name).first().map(|element| element.text.as_str()).filter(|text| !text.is_empty())
    }
}

/// The document: an element without a name that holds the root.
pub(crate) fn parse(bytes: &[u8], longest: usize) -> Result<Element, BadXml> {
    if bytes.len() > longest {
        return Err(BadXml::TooLong(longest));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| BadXml::NotText)?;
    let mut reader = Reader::from_str(text.trim_matches(['\u{feff}', '\0', ' ', '\r', '\n', '\t']));
    reader.config_mut().expand_empty_elements = true;
    let malformed =
        |error: &dyn std::fmt::Display| BadXml::Malformed(crate::error::scrub(&error.to_string(), &[]));
    let mut open = vec![Element::default()];
    let mut elements = 0_usize;
    loop {
        match reader.read_event().map_err(|error| malformed(&error))? {
            Event::Start(start) | Event::Empty(start) => {
                elements += 1;
                if elements > MOST_ELEMENTS {
                    return Err(BadXml::Excessive("too many elements"));
                }
                if open.len() > DEEPEST {
                    return Err(BadXml::Excessive("elements nested too deep"));
                }
                open.push(element(&start)?);
            }
            Event::End(_) => {
                let mut done = open.pop().unwrap_or_default();
                done.text.truncate(done.text.trim_end().len());
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => return Err(BadXml::Malformed("an element ends that never began".to_owned())),
                }
            }
            Event::Text(text) => append(&mut open, &text.xml10_content())?,
            Event::CData(text) => append(&mut open, &text.xml10_content())?,
            Event::GeneralRef(reference) => {
                match reference.resolve_char_ref().map_err(|error| malformed(&error))? {
                    Some(character) => append(&mut open, character.encode_utf8(&mut [0; 4]))?,
                    None => {
                        let text = quick_xml::escape::resolve_predefined_entity(&reference.xml10_content())
                            .ok_or(BadXml::Excessive("an entity of its own"))?;
                        append(&mut open, text)?;
                    }
                }
            }
            Event::DocType(_) => return Err(BadXml::Excessive("a document type")),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    match (open.pop(), open.is_empty()) {
        (Some(document), true) if document.children.len() == 1 => Ok(document),
        _ => Err(BadXml::Malformed("it is not one whole element".to_owned())),
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, BadXml> {
    let mut attributes = Vec::new();
    for attribute in start.attributes().with_checks(false) {
        let attribute =
            attribute.map_err(|error| BadXml::Malformed(crate::error::scrub(&error.to_string(), &[])))?;
        if attributes.len() == MOST_ATTRIBUTES || attribute.value.len() > LONGEST_VALUE {
            return Err(BadXml::Excessive("too many or too long attributes"));
        }
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| BadXml::Malformed(crate::error::scrub(&error.to_string(), &[])))?;
        attributes.push((local(attribute.key.as_ref()).to_owned(), value.into_owned()));
    }
    Ok(Element { name: local(start.name().as_ref()).to_owned(), attributes, ..Element::default() })
}

fn append(open: &mut [Element], text: &str) -> Result<(), BadXml> {
    let Some(element) = open.last_mut() else { return Ok(()) };
    let text = if element.text.is_empty() { text.trim_start() } else { text };
    if element.text.len() + text.len() > LONGEST_VALUE {
        return Err(BadXml::Excessive("too long a text"));
    }
    element.text.push_str(text);
    Ok(())
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_document_becomes_a_tree_without_prefixes() {
        let document = parse(b"<?xml version='1.0'?><a:b c:d='&lt;1'> x &amp; <e/>y </a:b>", 1000).unwrap();
        let root = &document.children[0];
        assert_eq!((root.name.as_str(), root.text.as_str()), ("b", "x & y"));
        assert_eq!(root.attribute("d"), Some("<1"));
        assert_eq!(root.children("e").count(), 1);
    }

    #[test]
    fn documents_that_would_take_too_much_are_refused() {
        let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
        let entities = "<!DOCTYPE a [<!ENTITY b 'bbbb'>]><a>&b;</a>";
        let many = format!("<a>{}</a>", "<b/>".repeat(MOST_ELEMENTS));
        for bad in [deep.as_str(), entities, &many, "<a>", "</a>", "", "text", "<a/><b/>"] {
            assert!(parse(bad.as_bytes(), 1 << 20).is_err(), "{}", bad.get(..40).unwrap_or(bad));
        }
        assert_eq!(parse(b"<a/>", 3), Err(BadXml::TooLong(3)));
        assert_eq!(parse(b"<a>\xff</a>", 100), Err(BadXml::NotText));
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes, 1000);
        }

        #[test]
        fn no_mark_up_breaks_the_reader(parts in proptest::collection::vec(
            prop_oneof!["<[a-c:]{0,3}", ">", "/>", "</[a-c]>", "&[a-z#0-9]{0,4};", " [a-b]='[^']{0,3}'", "<!--", "-->", "<!\\[CDATA\\[", "<\\?"], 0..40,
        )) {
            let _ = parse(parts.concat().as_bytes(), 1000);
        }
    }
}
