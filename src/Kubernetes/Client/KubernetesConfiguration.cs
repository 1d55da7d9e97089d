namespace NetPulse.Kubernetes.Client;

/// <summary>Where the API server is, how it is trusted and who we are.</summary>
public sealed record KubernetesConfiguration
{
    /// <summary>May have a path, as <c>https://rancher.example/k8s/clusters/c-1</c>.</summary>
    public required Uri Server { get; init; }

    /// <summary>Name that the server's certificate must have; that of <see cref="Server"/> where empty.</summary>
    public string TlsServerName { get; init; } = "";

    /// <summary>Who must have signed it; the system's authorities where absent.</summary>
    public PemSource? CertificateAuthority { get; init; }

    /// <summary>Trusts any certificate. Never set by us.</summary>
    public bool SkipTlsVerify { get; init; }

    /// <summary>http, https or socks5; absent: the environment's (HTTPS_PROXY, NO_PROXY).</summary>
    public Uri? Proxy { get; init; }

    /// <summary>Where namespaced objects of ours live.</summary>
    public string Namespace { get; init; } = "default";

    public ClusterCredentials Credentials { get; init; } = new();

    /// <summary>The program's part before the slash is the field manager of writes that name none. Never begins with <c>curl</c>, which the server answers indented.</summary>
    public string UserAgent { get; init; } = "netpulse/0.1.0 (linux)";

    /// <summary>In a pod its service account; else kubeconfig, as kubectl finds it.</summary>
    /// <exception cref="KubeconfigException">Neither is there, or what is there cannot be used.</exception>
    public static KubernetesConfiguration Default() =>
        InClusterConfiguration.IsInCluster && string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Kubeconfig.PathsVariable)) ? InClusterConfiguration.Read() : Kubeconfig.Load();
}

/// <summary>Who we are. Several may be set: a client certificate beside a token. Never printed.</summary>
public sealed record ClusterCredentials
{
    public string Token { get; init; } = "";

    /// <summary>Read again as it is replaced; counts before <see cref="Token"/>.</summary>
    public string TokenFile { get; init; } = "";

    public string Username { get; init; } = "";

    public string Password { get; init; } = "";

    public PemSource? ClientCertificate { get; init; }

    public PemSource? ClientKey { get; init; }

    public ExecPlugin? Exec { get; init; }

    /// <summary>Whom we act as; needs the verb <c>impersonate</c>. Empty: ourselves.</summary>
    public string ImpersonatedUser { get; init; } = "";

    public IReadOnlyList<string> ImpersonatedGroups { get; init; } = [];

    public override string ToString() => nameof(ClusterCredentials);
}

/// <summary>PEM text, in the configuration itself or in a file that may be replaced.</summary>
/// <param name="File">Absolute path; empty where <paramref name="Text"/> holds it.</param>
public sealed record PemSource(string File, string Text)
{
    /// <exception cref="KubeconfigException">The file cannot be read.</exception>
    public string Read()
    {
        if (File.Length == 0)
        {
            return Text;
        }

        try
        {
            return System.IO.File.ReadAllText(File);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KubeconfigException($"{File}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Without the text: it may be a key.</summary>
    public override string ToString() => File.Length > 0 ? File : "inline PEM";
}

/// <summary>A program that gives credentials (client.authentication.k8s.io v1 or v1beta1).</summary>
public sealed record ExecPlugin
{
    public required string Command { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public string ApiVersion { get; init; } = "client.authentication.k8s.io/v1";

    /// <summary>Told to whoever lacks the program.</summary>
    public string InstallHint { get; init; } = "";

    /// <summary>The cluster is described to it in KUBERNETES_EXEC_INFO.</summary>
    public bool ProvideClusterInfo { get; init; }
}

/// <summary>A cluster's configuration that cannot be used: which file and field, what is wrong, what would be right.</summary>
public sealed class KubeconfigException(string message, Exception? inner = null) : IOException(message, inner);
