import Credentials
import Domain
import Foundation

/// Who this server is among those of its database: an id kept in its data directory, never its host name.
enum NodeIdentity {
    /// The id in the data directory, made at first start.
    ///
    /// - Throws: `NodeIdentityError` if the file holds none; else why it cannot be read or made.
    static func loadOrCreate(in dataDirectory: String) throws -> Identifier<Node> {
        let path = dataDirectory + "/node_id"
        if !FileManager.default.fileExists(atPath: path) {
            try PrivateFile.create(path: path, content: "\(Identifier<Node>())\n")
        }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        guard let id = Identifier<Node>(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw NodeIdentityError(description: "\(path) does not hold a node id. Remove it to get a new one.")
        }
        return id
    }

    /// What people call this server unless they say otherwise.
    static var hostName: String {
        ProcessInfo.processInfo.hostName
    }
}

/// Why a server cannot tell who it is.
struct NodeIdentityError: Error, CustomStringConvertible {
    let description: String
}
