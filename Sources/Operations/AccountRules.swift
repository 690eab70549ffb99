import Credentials
import Domain
import Storage

/// What somebody asks an account to be.
package struct NewAccount: Sendable {
    /// The e-mail address, as sent.
    package let email: String
    /// The name to log in by, as sent.
    package let username: String
    /// The password, as typed; it is never stored.
    package let password: String

    /// An account that is asked for; nothing is checked yet.
    package init(email: String, username: String, password: String) {
        self.email = email
        self.username = username
        self.password = password
    }
}

/// How accounts come to be, whoever asks.
package struct AccountRules: Sendable {
    let hasher: PasswordHasher

    /// Rules that hash passwords with `hasher`.
    package init(hasher: PasswordHasher) {
        self.hasher = hasher
    }

    /// Makes an account, and writes down what `record` says of it.
    func create(
        _ account: NewAccount, role: Role = .user, isActive: Bool = true, in database: Database,
        recording record: @escaping @Sendable (User) -> (entry: AuditEntry, caller: Caller)
    ) async throws -> User {
        let faults = Self.faults(
            email: account.email, username: account.username, password: account.password)
        guard faults.isEmpty else { throw OperationError.invalid(faults) }
        // Asked before hashing, so that a taken name is not an expensive one; the unique keys decide all the same.
        let taken = try await database.store.isTaken(email: account.email, username: account.username)
        if taken.email { throw OperationError.emailTaken }
        if taken.username { throw OperationError.usernameTaken }
        let hash = try await hasher.hash(account.password)
        do {
            return try await database.transaction { store in
                let user = try await store.insert(
                    user: Identifier(), email: account.email, username: account.username, passwordHash: hash,
                    role: role, isActive: isActive)
                try await store.record([record(user)])
                return user
            }
        } catch StorageError.duplicate(let constraint) {
            throw constraint == "users_email" ? OperationError.emailTaken : .usernameTaken
        }
    }

    /// Everything wrong with the parts of an account that are there.
    package static func faults(email: String?, username: String?, password: String?) -> [InputFault] {
        var faults = password.map(passwordFaults) ?? []
        if let email, !isAddress(email) {
            faults.append(InputFault(["email"], "must be an e-mail address such as name@example.org, ≤255 characters"))
        }
        if let username { faults += usernameFaults(username, email: email) }
        return faults
    }

    private static func usernameFaults(_ username: String, email: String?) -> [InputFault] {
        if !User.usernameLength.contains(username.unicodeScalars.count) {
            return [InputFault(["username"], length: User.usernameLength)]
        }
        if username.unicodeScalars.contains(where: \.controls) {
            return [InputFault(["username"], "must not hold control characters")]
        }
        if !username.unicodeScalars.contains(where: \.isVisible) {
            return [InputFault(["username"], "must hold something that can be seen")]
        }
        // An e-mail that is too long is at fault itself, and would take long to compare.
        if User.holdsAtSign(username), let email, isShort(email), !isSame(username, email) {
            return [InputFault(["username"], "may hold '@' only as your own e-mail address")]
        }
        return []
    }

    /// Whether two names are one to the database, which compares bytes.
    private static func isSame(_ name: String, _ other: String) -> Bool {
        User.key(of: name).hasSameBytes(as: User.key(of: other))
    }

    private static func isShort(_ email: String) -> Bool {
        email.unicodeScalars.count <= User.longestName
    }

    static func passwordFaults(_ password: String) -> [InputFault] {
        let length = password.unicodeScalars.count
        if !User.passwordLength.contains(length) {
            return [InputFault(["password"], length: User.passwordLength)]
        }
        if password.utf8.contains(0) {
            return [InputFault(["password"], "must not hold a NUL character")]
        }
        return []
    }

    /// Whether a text looks like an address: something, one `@`, a domain with a dot, nothing blank.
    private static func isAddress(_ text: String) -> Bool {
        guard isShort(text) else { return false }
        let isClean = text.unicodeScalars.allSatisfy { scalar in
            !scalar.properties.isWhitespace && scalar.properties.generalCategory != .control
                && !"<>()[],;:\\\"".unicodeScalars.contains(scalar)
        }
        // By scalars: as a character, a sign with a mark on it is another one.
        let parts = text.unicodeScalars.split(separator: "@", omittingEmptySubsequences: false)
        guard isClean, parts.count == 2, !parts[0].isEmpty, parts[0].count <= 64 else { return false }
        let words = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        return words.allSatisfy { $0.contains(where: \.isVisible) }
            && labels.count >= 2
            && labels.allSatisfy { $0.contains(where: \.isVisible) && $0.first != "-" && $0.last != "-" }
    }
}

extension Unicode.Scalar {
    /// Whether it leaves a mark where it is shown.
    fileprivate var isVisible: Bool {
        !properties.isWhitespace && !properties.isDefaultIgnorableCodePoint
            && ![.control, .format, .unassigned].contains(properties.generalCategory) && self != "\u{2800}"
    }

    /// Whether it breaks the line that it is shown in, or turns it round.
    fileprivate var controls: Bool {
        switch value {
        case 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: properties.generalCategory == .control
        }
    }
}

extension OperationError {
    static let emailTaken = OperationError.refused(.emailTaken, "Email already registered")
    static let usernameTaken = OperationError.refused(.usernameTaken, "Username already taken")
}

extension InputFault {
    /// A text has too few or too many characters.
    fileprivate init(_ place: [Step], length: ClosedRange<Int>) {
        self.init(
            place, "must have \(length.lowerBound) to \(length.upperBound) characters", type: "string_length")
    }
}
