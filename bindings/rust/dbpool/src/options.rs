use std::ffi::CStr;
use std::ptr;

use crate::sys;

/// One line of the table of options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OptionInfo {
    /// `pool_size`
    pub name: &'static str,
    /// Other names for it, separated by commas.
    pub aliases: &'static str,
    /// `integer`, `duration`, `boolean`, `text`, `choice`, `percent`
    pub kind: &'static str,
    /// What is allowed, in words.
    pub range: &'static str,
    /// As text; empty for none.
    pub default: &'static str,
    /// `connection`, `size`, `time`, `session`, `sqlite`
    pub group: &'static str,
    /// One sentence.
    pub help: &'static str,
}

/// All options there are, for [`Builder::option`](crate::Builder::option) and URIs.
///
/// ```
/// let pool_size = dbpool::options().find(|option| option.name == "pool_size").unwrap();
/// assert_eq!(pool_size.default, "5");
/// ```
pub fn options() -> impl Iterator<Item = OptionInfo> {
    (0..).map_while(|index| {
        let mut option = sys::dbpool_option {
            struct_size: size_of::<sys::dbpool_option>(),
            name: ptr::null(),
            aliases: ptr::null(),
            r#type: ptr::null(),
            range: ptr::null(),
            default_value: ptr::null(),
            group: ptr::null(),
            help: ptr::null(),
        };
        // SAFETY: the size is set.
        let status = unsafe { sys::dbpool_option_at(index, &mut option) };
        (status == sys::DBPOOL_OK).then(|| OptionInfo {
            name: text(option.name),
            aliases: text(option.aliases),
            kind: text(option.r#type),
            range: text(option.range),
            default: text(option.default_value),
            group: text(option.group),
            help: text(option.help),
        })
    })
}

fn text(constant: *const sys::c_char) -> &'static str {
    // SAFETY: the strings of the table are constants of the library, in ASCII.
    unsafe { CStr::from_ptr(constant) }.to_str().unwrap_or_default()
}

/// The version of the library that is loaded: major, minor, patch.
pub fn version() -> (u32, u32, u32) {
    // SAFETY: it takes nothing.
    let version = unsafe { sys::dbpool_version() };
    (version >> 16, version >> 8 & 0xff, version & 0xff)
}
