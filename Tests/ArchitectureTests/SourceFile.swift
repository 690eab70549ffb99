import Foundation

/// One file of the checkout.
struct SourceFile {
    /// The path from the top of the checkout.
    let path: String
    let text: SourceText

    /// The room that the file lies in: the folder under `Sources`.
    var room: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    private static let checkout = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private init(url: URL) throws {
        path = String(url.path.dropFirst(Self.checkout.path.count + 1))
        text = try SourceText(String(contentsOf: url, encoding: .utf8))
    }

    /// The file at a path from the top of the checkout.
    init(path: String) throws {
        try self.init(url: Self.checkout.appendingPathComponent(path))
    }

    /// Every file below a folder of the checkout whose name ends so, in the order of their paths.
    static func all(in folder: String, extensions: Set<String>) throws -> [SourceFile] {
        let top = checkout.appendingPathComponent(folder)
        let walk = FileManager.default.enumerator(at: top, includingPropertiesForKeys: nil)
        return try (walk?.compactMap { $0 as? URL } ?? [])
            .filter { extensions.contains($0.pathExtension) }
            .map { try SourceFile(url: $0.standardizedFileURL) }
            .sorted { $0.path < $1.path }
    }
}
