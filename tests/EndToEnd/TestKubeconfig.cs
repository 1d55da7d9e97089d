using NetPulse.ApiServer;

namespace NetPulse.EndToEnd;

internal static class TestKubeconfig
{
    /// <returns>A file, in that directory, that makes a process that user of the server; his token is <c>token-of-USER</c>.</returns>
    public static string Write(string directory, string user, TestApiServer server)
    {
        server.Tokens[$"token-of-{user}"] = user;
        Directory.CreateDirectory(directory);
        var file = Path.Combine(directory, "kubeconfig");
        File.WriteAllText(file, $$"""
            apiVersion: v1
            kind: Config
            current-context: test
            contexts:
              - name: test
                context: {cluster: test, user: test, namespace: netpulse}
            clusters:
              - name: test
                cluster:
                  server: "{{server.Address}}"
            users:
              - name: test
                user:
                  token: token-of-{{user}}
            """);
        return file;
    }
}
