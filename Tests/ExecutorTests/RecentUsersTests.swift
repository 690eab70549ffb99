import Glibc
import SystemUsers
import Testing

@Suite struct RecentUsersTests {
    @Test func `a user is found as the user database tells`() throws {
        let users = RecentUsers()
        let own = SystemUser.current
        let known = SystemUser.lookup(own.name)
        #expect(users.lookup(own.name) == known && users.lookup(own.name) == known)
    }

    @Test(.enabled(if: geteuid() == 0, "users are made by root"))
    func `a user who was not there is found as soon as there is one`() async throws {
        let users = RecentUsers()
        let name = TrialUser.newName()
        #expect(users.lookup(name) == nil)
        try await TrialUser.make(name) { user in #expect(users.lookup(name) == user) }
    }
}
