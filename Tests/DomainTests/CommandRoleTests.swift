import Domain
import Testing

struct CommandRoleTests {
    @Test(arguments: [
        (CommandRole.user, Role?.some(.user)), (.superuser, .superuser), (.service, nil),
    ])
    func `a command task runs for owners whom the installation names, and for no others`(
        allowed: CommandRole, owner: Role?
    ) {
        let roles: Set = [allowed]
        for role in [Role.viewer, .user, .superuser, nil] {
            #expect(roles.mayRun(.command, ofOwner: role) == (role == owner), "\(String(describing: role))")
        }
    }

    @Test(arguments: [Role.viewer, .user, .superuser, nil])
    func `a task of another kind runs whoever owns it`(role: Role?) {
        #expect(Set<CommandRole>().mayRun(ActionKind(rawValue: "note"), ofOwner: role))
    }
}
