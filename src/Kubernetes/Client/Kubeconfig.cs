using System.Text;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;

namespace NetPulse.Kubernetes.Client;

/// <summary>The files that kubectl reads, merged as kubectl merges them: the first to name a cluster, user, context or the current context wins.</summary>
public static class Kubeconfig
{
    internal const string PathsVariable = "KUBECONFIG";

    /// <summary>KUBECONFIG's files, else <c>~/.kube/config</c>.</summary>
    /// <param name="context">Empty: the current one.</param>
    /// <exception cref="KubeconfigException">No file is there, or what they say cannot be used.</exception>
    public static KubernetesConfiguration Load(string context = "")
    {
        var listed = Environment.GetEnvironmentVariable(PathsVariable);
        var paths = string.IsNullOrEmpty(listed)
            ? [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config")]
            : listed.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal).ToArray();

        // As kubectl: of several, those that are not there are passed over.
        var present = paths.Where(File.Exists).ToArray();
        return present.Length > 0
            ? Load(present, context)
            : throw new KubeconfigException($"{string.Join(", ", paths)}: no such file; set {PathsVariable}, or run in a pod");
    }

    /// <param name="paths">The first wins.</param>
    /// <param name="context">Empty: the current one.</param>
    /// <exception cref="KubeconfigException">A file cannot be read, or what they say cannot be used.</exception>
    public static KubernetesConfiguration Load(IReadOnlyList<string> paths, string context = "")
    {
        var files = paths.Select(static path => Read(path)).ToList();
        var name = context.Length > 0 ? context : files.Select(static f => f.Root["current-context"].Text()).FirstOrDefault(static c => c.Length > 0, "");
        if (name.Length == 0)
        {
            throw new KubeconfigException($"{string.Join(", ", paths)}: current-context: is not set; name a context");
        }

        var chosen = Find(files, "contexts", "context", name) ?? throw Unknown(files, "contexts", name, "the context");
        var clusterName = chosen.Fields["cluster"].Text();
        var cluster = Find(files, "clusters", "cluster", clusterName) ?? throw Unknown(files, "clusters", clusterName, $"the cluster of context {name}");
        var userName = chosen.Fields["user"].Text();
        var user = userName.Length == 0 ? null : Find(files, "users", "user", userName) ?? throw Unknown(files, "users", userName, $"the user of context {name}");
        return Configuration(chosen, cluster, user);
    }

    private static KubernetesConfiguration Configuration(Entry context, Entry cluster, Entry? user)
    {
        var proxy = cluster.Fields["proxy-url"].Text();
        return new KubernetesConfiguration
        {
            Server = Address(cluster, "server", ["https", "http"]),
            TlsServerName = cluster.Fields["tls-server-name"].Text(),
            CertificateAuthority = cluster.Pem("certificate-authority"),
            SkipTlsVerify = cluster.Fields["insecure-skip-tls-verify"].IsTrue(),
            Proxy = proxy.Length > 0 ? Address(cluster, "proxy-url", ["http", "https", "socks5"]) : null,
            Namespace = context.Fields["namespace"].Text() is { Length: > 0 } @namespace ? @namespace : "default",
            Credentials = user is null ? new ClusterCredentials() : Credentials(user),
        };
    }

    private static ClusterCredentials Credentials(Entry user)
    {
        if (user.Fields["auth-provider"] is JsonObject provider)
        {
            throw user.Fault("auth-provider", $"'{provider["name"].Text()}' was removed from Kubernetes; use an exec plugin");
        }

        var credentials = new ClusterCredentials
        {
            Token = user.Fields["token"].Text(),
            TokenFile = user.Path("tokenFile"),
            Username = user.Fields["username"].Text(),
            Password = user.Fields["password"].Text(),
            ClientCertificate = user.Pem("client-certificate"),
            ClientKey = user.Pem("client-key"),
            Exec = user.Fields["exec"] is JsonObject exec ? Plugin(user, exec) : null,
            ImpersonatedUser = user.Fields["as"].Text(),
            ImpersonatedGroups = [.. (user.Fields["as-groups"] as JsonArray ?? []).Select(static g => g.Text())],
        };
        return credentials.ClientCertificate is null == credentials.ClientKey is null
            ? credentials
            : throw user.Fault(credentials.ClientKey is null ? "client-key" : "client-certificate", "is missing: a certificate and its key belong together");
    }

    private static ExecPlugin Plugin(Entry user, JsonObject exec)
    {
        var command = exec["command"].Text();
        var version = exec["apiVersion"].Text();
        if (command.Length == 0)
        {
            throw user.Fault("exec.command", "is missing");
        }

        if (version is not ("client.authentication.k8s.io/v1" or "client.authentication.k8s.io/v1beta1"))
        {
            throw user.Fault("exec.apiVersion", $"'{version}' is not known; it must be client.authentication.k8s.io/v1 or v1beta1");
        }

        if (exec["interactiveMode"].Text() == "Always")
        {
            throw user.Fault("exec.interactiveMode", "is Always, but a service has no terminal; use IfAvailable or Never");
        }

        return new ExecPlugin
        {
            // Only a command with a slash is a path, and then relative to the file; others are looked for in PATH.
            Command = command.Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(command, user.Directory) : command,
            Arguments = [.. (exec["args"] as JsonArray ?? []).Select(static a => a.Text())],
            Environment = (exec["env"] as JsonArray ?? []).OfType<JsonObject>().ToDictionary(static e => e["name"].Text(), static e => e["value"].Text(), StringComparer.Ordinal),
            ApiVersion = version,
            InstallHint = exec["installHint"].Text(),
            ProvideClusterInfo = exec["provideClusterInfo"].IsTrue(),
        };
    }

    private static Uri Address(Entry entry, string field, string[] schemes)
    {
        var text = entry.Fields[field].Text();
        return Uri.TryCreate(text, UriKind.Absolute, out var address) && schemes.Contains(address.Scheme, StringComparer.Ordinal)
            ? address
            : throw entry.Fault(field, $"'{text}' is no address of {string.Join(", ", schemes)}");
    }

    private static Entry? Find(List<KubeconfigFile> files, string list, string kind, string name) =>
        (from file in files
         from entry in (file.Root[list] as JsonArray ?? []).OfType<JsonObject>()
         where entry["name"].Text() == name
         select new Entry(file.Path, $"{kind} '{name}'", entry[kind] as JsonObject ?? [])).FirstOrDefault();

    private static KubeconfigException Unknown(List<KubeconfigFile> files, string list, string name, string what)
    {
        var known = files.SelectMany(file => (file.Root[list] as JsonArray ?? []).OfType<JsonObject>()).Select(static e => e["name"].Text());
        return new KubeconfigException($"{string.Join(", ", files.Select(static f => f.Path))}: {what}, '{name}', is not in {list}; known are {string.Join(", ", known)}");
    }

    private static KubeconfigFile Read(string path)
    {
        try
        {
            return new KubeconfigFile(path, YamlDocument.Parse(path, File.ReadAllText(path)).Root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KubeconfigException(e is ObjectFileException ? e.Message : $"{path}: cannot be read: {e.Message}", e);
        }
    }

    private static string Text(this JsonNode? node) => node is JsonValue value ? value.ToString() : "";

    private static bool IsTrue(this JsonNode? node) => node is JsonValue value && value.TryGetValue<bool>(out var flag) && flag;

    private sealed record KubeconfigFile(string Path, JsonObject Root);

    /// <summary>One cluster, user or context, and the file it stands in: paths are relative to that.</summary>
    private sealed record Entry(string File, string What, JsonObject Fields)
    {
        public string Directory => System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(File))!;

        public KubeconfigException Fault(string field, string problem) => new($"{File}: {What}: {field}: {problem}");

        public string Path(string field) => Fields[field].Text() is { Length: > 0 } path ? System.IO.Path.GetFullPath(path, Directory) : "";

        /// <summary>The field's data (base64) counts before its file.</summary>
        public PemSource? Pem(string field)
        {
            var data = Fields[$"{field}-data"].Text();
            if (data.Length == 0)
            {
                return Path(field) is { Length: > 0 } path ? new PemSource(path, "") : null;
            }

            try
            {
                return new PemSource("", Encoding.UTF8.GetString(Convert.FromBase64String(data)));
            }
            catch (FormatException e)
            {
                throw new KubeconfigException(Fault($"{field}-data", "is not base64").Message, e);
            }
        }
    }
}
