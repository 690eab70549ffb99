import Foundation

/// The files of Swagger UI and ReDoc, which the set-up installs, and ours that start them.
///
/// They are read once: a server that was started without them serves pages that say how to get them.
package struct DocumentationAssets: Sendable {
    /// The files there may be. A request can name no others.
    enum Name: String, Sendable, CaseIterable {
        case swaggerScript = "swagger-ui-bundle.js"
        case swaggerStyle = "swagger-ui.css"
        case redocScript = "redoc.standalone.js"
        case swaggerStart = "swagger-page.js"
        case redocStart = "redoc-page.js"
        case pageStyle = "page.css"

        var mediaType: String {
            rawValue.hasSuffix(".css") ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8"
        }
    }

    private let files: [Name: [UInt8]]

    /// What the first of these directories holds that has any of the files; where none has, what is ours alone.
    package init(searching directories: [String]) {
        let found = directories.lazy.map(Self.files).first { !$0.isEmpty } ?? [:]
        let ours: [Name: [UInt8]] = [
            .swaggerStart: PackageResources.swagger_page_js, .redocStart: PackageResources.redoc_page_js,
            .pageStyle: PackageResources.page_css,
        ]
        files = found.merging(ours) { $1 }
    }

    subscript(name: Name) -> [UInt8]? { files[name] }

    /// The page at `/docs`; nil without its files.
    var swaggerPage: [UInt8]? {
        files[.swaggerScript] == nil || files[.swaggerStyle] == nil ? nil : PackageResources.swagger_html
    }

    /// The page at `/redoc`; nil without its file.
    var redocPage: [UInt8]? {
        files[.redocScript] == nil ? nil : PackageResources.redoc_html
    }

    private static func files(in directory: String) -> [Name: [UInt8]] {
        let theirs: [Name] = [.swaggerScript, .swaggerStyle, .redocScript]
        return theirs.reduce(into: [:]) { files, name in
            files[name] = FileManager.default.contents(atPath: "\(directory)/\(name.rawValue)").map { [UInt8]($0) }
        }
    }
}
