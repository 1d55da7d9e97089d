using System.Net;
using System.Net.Security;
using System.Security.Authentication;

namespace NetPulse.Kubernetes.Client;

/// <summary>The HTTP of a configuration: HTTP/2 over TLS, gzip, the cluster's authority, proxy, and connections that notice a peer which is gone.</summary>
internal static class ClusterConnection
{
    /// <summary>A connection this old takes no new request, so that new certificates and addresses come into use.</summary>
    private static readonly TimeSpan ConnectionLife = TimeSpan.FromMinutes(5);

    // A watch that says nothing for a minute is healthy; a peer that does not answer a ping is not.
    private static readonly TimeSpan PingEvery = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PingPatience = TimeSpan.FromSeconds(10);

    public static SocketsHttpHandler Handler(KubernetesConfiguration configuration, CurrentCredentials credentials)
    {
        var handler = new SocketsHttpHandler
        {
            AutomaticDecompression = DecompressionMethods.GZip,
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = ConnectionLife,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = PingEvery,
            KeepAlivePingTimeout = PingPatience,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            SslOptions = Tls(configuration, credentials),
        };
        if (configuration.Proxy is { } proxy)
        {
            handler.Proxy = new WebProxy(new UriBuilder(proxy) { UserName = "", Password = "" }.Uri) { Credentials = Login(proxy) };
        }

        return handler;
    }

    private static SslClientAuthenticationOptions Tls(KubernetesConfiguration configuration, CurrentCredentials credentials)
    {
        var tls = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,

            // Asked again for each new connection, so that a renewed certificate is used.
            LocalCertificateSelectionCallback = (_, _, _, _, _) => credentials.Certificate()!,
        };
        if (configuration.SkipTlsVerify)
        {
#pragma warning disable CA5359, S4830 // kubeconfig's insecure-skip-tls-verify: the operator asked for it
            tls.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359, S4830
        }
        else if (configuration.CertificateAuthority is { } authority)
        {
            var trust = new ServerTrust(authority);
            tls.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => trust.IsTrusted(certificate, chain, errors);
        }

        return tls;
    }

    private static NetworkCredential? Login(Uri proxy) =>
        proxy.UserInfo.Split(':', 2) is [{ Length: > 0 } user, var password] ? new NetworkCredential(Uri.UnescapeDataString(user), Uri.UnescapeDataString(password)) : null;
}
