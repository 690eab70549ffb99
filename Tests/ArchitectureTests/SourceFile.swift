import Foundation

/// One file of the checkout, read when it is asked for.
struct SourceFile {
    let url: URL

    var text: String { get throws { try String(contentsOf: url, encoding: .utf8) } }

    /// The path from the top of the checkout.
    var path: String { String(url.path.dropFirst(Self.checkout.path.count + 1)) }

    /// The room that the file lies in: the folder under `Sources`.
    var room: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    static let checkout = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every file below a folder of the checkout whose name ends so, in the order of their paths.
    static func all(in folder: String, extensions: Set<String>) -> [SourceFile] {
        let top = checkout.appendingPathComponent(folder)
        let walk = FileManager.default.enumerator(at: top, includingPropertiesForKeys: nil)
        return (walk?.compactMap { $0 as? URL } ?? [])
            .filter { extensions.contains($0.pathExtension) }
            .map { SourceFile(url: $0.standardizedFileURL) }
            .sorted { $0.path < $1.path }
    }
}
