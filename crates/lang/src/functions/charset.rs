//! `textencodebase64` and `textdecodebase64`: text in encodings other than UTF-8.

use base64::Engine;
use encoding_rs::{EncoderResult, Encoding};
use smform_types::Value;

use super::arguments::{Arguments, Function, ascii};
use super::encoding::{BASE64, decode};
use super::error::CallError;
use super::signature::{Parameter, Shape};

const ENCODING: Parameter = Parameter::new("encoding", Shape::String);

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "textdecodebase64",
        &[Parameter::new("source", Shape::String), ENCODING],
        Shape::String,
        textdecodebase64,
        "The text whose bytes in an encoding base64 stands for.",
    ),
    Function::new(
        "textencodebase64",
        &[Parameter::new("string", Shape::String), ENCODING],
        Shape::String,
        textencodebase64,
        "The bytes of the text in an encoding, in base64.",
    ),
];

/// A character encoding.
#[derive(Clone, Copy)]
enum Charset {
    Ascii,
    Latin1,
    Utf8,
    /// With a byte order mark and, without one, big end first.
    Utf16,
    Utf16Be,
    Utf16Le,
    Table(&'static Encoding),
}

/// The encoding of a name or alias in IANA's registry, in any case.
fn charset(name: &str) -> Option<Charset> {
    let name = name.to_ascii_lowercase();
    Some(match name.as_str() {
        "us-ascii" | "ascii" | "ansi_x3.4-1968" | "iso646-us" | "us" | "csascii" | "iso-ir-6" | "cp367" | "ibm367" => {
            Charset::Ascii
        }
        "iso-8859-1" | "iso_8859-1:1987" | "iso_8859-1" | "latin1" | "l1" | "ibm819" | "cp819" | "iso-ir-100"
        | "csisolatin1" => Charset::Latin1,
        "utf-8" | "csutf8" => Charset::Utf8,
        "utf-16" | "csutf16" => Charset::Utf16,
        "utf-16be" | "csutf16be" => Charset::Utf16Be,
        "utf-16le" | "csutf16le" => Charset::Utf16Le,
        _ => Charset::Table(table(&name)?),
    })
}

fn table(name: &str) -> Option<&'static Encoding> {
    use encoding_rs as e;
    Some(match name {
        "iso-8859-2" | "iso_8859-2:1987" | "iso_8859-2" | "latin2" | "l2" | "csisolatin2" => e::ISO_8859_2,
        "iso-8859-3" | "iso_8859-3:1988" | "iso_8859-3" | "latin3" | "l3" | "csisolatin3" => e::ISO_8859_3,
        "iso-8859-4" | "iso_8859-4:1988" | "iso_8859-4" | "latin4" | "l4" | "csisolatin4" => e::ISO_8859_4,
        "iso-8859-5" | "iso_8859-5:1988" | "iso_8859-5" | "cyrillic" | "csisolatincyrillic" => e::ISO_8859_5,
        "iso-8859-6" | "iso_8859-6:1987" | "iso_8859-6" | "arabic" | "csisolatinarabic" => e::ISO_8859_6,
        "iso-8859-7" | "iso_8859-7:1987" | "iso_8859-7" | "greek" | "greek8" | "csisolatingreek" => e::ISO_8859_7,
        "iso-8859-8" | "iso_8859-8:1988" | "iso_8859-8" | "hebrew" | "csisolatinhebrew" => e::ISO_8859_8,
        "iso-8859-10" | "latin6" | "l6" | "csisolatin6" => e::ISO_8859_10,
        "iso-8859-13" | "csiso885913" => e::ISO_8859_13,
        "iso-8859-14" | "iso_8859-14:1998" | "iso_8859-14" | "latin8" | "l8" | "iso-celtic" => e::ISO_8859_14,
        "iso-8859-15" | "iso_8859-15" | "latin-9" | "csiso885915" => e::ISO_8859_15,
        "iso-8859-16" | "iso_8859-16:2001" | "iso_8859-16" | "latin10" | "l10" => e::ISO_8859_16,
        "windows-874" | "cswindows874" => e::WINDOWS_874,
        "windows-1250" | "cswindows1250" => e::WINDOWS_1250,
        "windows-1251" | "cswindows1251" => e::WINDOWS_1251,
        "windows-1252" | "cswindows1252" => e::WINDOWS_1252,
        "windows-1253" | "cswindows1253" => e::WINDOWS_1253,
        "windows-1254" | "cswindows1254" => e::WINDOWS_1254,
        "windows-1255" | "cswindows1255" => e::WINDOWS_1255,
        "windows-1256" | "cswindows1256" => e::WINDOWS_1256,
        "windows-1257" | "cswindows1257" => e::WINDOWS_1257,
        "windows-1258" | "cswindows1258" => e::WINDOWS_1258,
        "koi8-r" | "cskoi8r" => e::KOI8_R,
        "koi8-u" | "cskoi8u" => e::KOI8_U,
        "macintosh" | "mac" | "csmacintosh" => e::MACINTOSH,
        "ibm866" | "cp866" | "866" | "csibm866" => e::IBM866,
        "euc-jp" | "extended_unix_code_packed_format_for_japanese" | "cseucpkdfmtjapanese" => e::EUC_JP,
        "iso-2022-jp" | "csiso2022jp" => e::ISO_2022_JP,
        "shift_jis" | "ms_kanji" | "csshiftjis" => e::SHIFT_JIS,
        "euc-kr" | "cseuckr" => e::EUC_KR,
        "gbk" | "cp936" | "ms936" | "windows-936" | "csgbk" => e::GBK,
        "gb18030" | "csgb18030" => e::GB18030,
        "big5" | "csbig5" => e::BIG5,
        _ => return None,
    })
}

fn encode(text: &str, charset: Charset) -> Option<Vec<u8>> {
    let narrow = |limit: u32| {
        text.chars().map(|c| u8::try_from(c).ok().filter(|byte| u32::from(*byte) < limit)).collect::<Option<Vec<u8>>>()
    };
    match charset {
        Charset::Ascii => narrow(0x80),
        Charset::Latin1 => narrow(0x100),
        Charset::Utf8 => Some(text.as_bytes().to_vec()),
        Charset::Utf16 => {
            Some([0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect())
        }
        Charset::Utf16Be => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        Charset::Utf16Le => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        Charset::Table(encoding) => {
            let mut encoder = encoding.new_encoder();
            let size = encoder.max_buffer_length_from_utf8_without_replacement(text.len())?;
            let mut bytes = Vec::with_capacity(size);
            let (result, _) = encoder.encode_from_utf8_to_vec_without_replacement(text, &mut bytes, true);
            (result == EncoderResult::InputEmpty).then_some(bytes)
        }
    }
}

fn decode_bytes(bytes: &[u8], charset: Charset) -> Option<String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (units, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = units.iter().map(|pair| unit(*pair)).collect();
        if rest.is_empty() { String::from_utf16(&units).ok() } else { None }
    };
    match charset {
        Charset::Ascii => bytes.is_ascii().then(|| bytes.iter().copied().map(char::from).collect()),
        Charset::Latin1 => Some(bytes.iter().copied().map(char::from).collect()),
        Charset::Utf8 => String::from_utf8(bytes.to_vec()).ok(),
        Charset::Utf16 => match bytes {
            [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
            [0xfe, 0xff, rest @ ..] | rest => wide(rest, u16::from_be_bytes),
        },
        Charset::Utf16Be => wide(bytes, u16::from_be_bytes),
        Charset::Utf16Le => wide(bytes, u16::from_le_bytes),
        Charset::Table(encoding) => {
            encoding.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
        }
    }
}

fn named(a: &Arguments<'_>) -> Result<Charset, CallError> {
    charset(a.text(1)?).ok_or_else(|| {
        CallError::argument(1, format!("{} is not a supported IANA encoding name or alias", a.quoted(1)))
    })
}

fn textencodebase64(a: &Arguments<'_>) -> Result<Value, CallError> {
    let charset = named(a)?;
    let bytes = encode(a.text(0)?, charset).ok_or_else(|| {
        let message = format!("the given string contains characters that cannot be represented in {}", a.quoted(1));
        CallError::argument(0, message)
    })?;
    Ok(ascii(&BASE64.encode(bytes)))
}

fn textdecodebase64(a: &Arguments<'_>) -> Result<Value, CallError> {
    let charset = named(a)?;
    let bytes = decode(a.text(0)?).ok_or_else(|| CallError::argument(0, "the given value is not valid base64"))?;
    let text = decode_bytes(&bytes, charset).ok_or_else(|| {
        CallError::argument(0, format!("the given string contains symbols that are not defined for {}", a.quoted(1)))
    })?;
    Ok(Value::string(text))
}
