import Domain

/// The tag by which the tasks that a file made are known again.
package struct Marker: Sendable, Equatable {
    private static let prefixes = ["file:", "crontab:"]
    private static let longestTag = 64

    /// The tag.
    package let tag: String

    /// The mark of a file of tasks that is called so; a long name is cut.
    package static func file(_ name: String) -> Marker { Marker("file:", name) }

    /// The mark of a crontab that is called so; a long name is cut.
    package static func crontab(_ name: String) -> Marker { Marker("crontab:", name) }

    private init(_ prefix: String, _ name: String) {
        tag = String((prefix + name).unicodeScalars.prefix(Self.longestTag))
    }

    /// Whether a tag is the mark of some file; people give no such tags.
    static func isMark(_ tag: String) -> Bool { prefixes.contains(where: tag.hasPrefix) }

    /// What the file of tasks is called that made what bears this tag; nil where it is no such mark.
    static func fileName(in tag: String) -> String? {
        tag.hasPrefix(prefixes[0]) ? String(tag.dropFirst(prefixes[0].count)) : nil
    }
}
