using System.Globalization;

namespace NetPulse.Kubernetes.Client;

/// <summary>What every pod finds of its own service account.</summary>
public static class InClusterConfiguration
{
    private const string HostVariable = "KUBERNETES_SERVICE_HOST";
    private const string PortVariable = "KUBERNETES_SERVICE_PORT";
    private const string ServiceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

    public static bool IsInCluster => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(HostVariable));

    /// <param name="directory">Where the token, ca.crt and namespace are; tests have another.</param>
    /// <exception cref="KubeconfigException">This is no pod, or its service account's token is not mounted.</exception>
    public static KubernetesConfiguration Read(string directory = ServiceAccountDirectory)
    {
        var host = Environment.GetEnvironmentVariable(HostVariable);
        if (string.IsNullOrEmpty(host))
        {
            throw new KubeconfigException($"{HostVariable} is not set: this is no pod of a cluster");
        }

        var port = int.TryParse(Environment.GetEnvironmentVariable(PortVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 443;
        var tokenFile = Path.Combine(directory, "token");
        if (!File.Exists(tokenFile))
        {
            throw new KubeconfigException($"{tokenFile}: is not there; set automountServiceAccountToken: true");
        }

        var namespaceFile = Path.Combine(directory, "namespace");
        return new KubernetesConfiguration
        {
            // IPv6 clusters name an address without brackets; UriBuilder adds them.
            Server = new UriBuilder(Uri.UriSchemeHttps, host, port).Uri,
            CertificateAuthority = new PemSource(Path.Combine(directory, "ca.crt"), ""),
            Namespace = File.Exists(namespaceFile) ? File.ReadAllText(namespaceFile).Trim() : "default",
            Credentials = new ClusterCredentials { TokenFile = tokenFile },
        };
    }
}
