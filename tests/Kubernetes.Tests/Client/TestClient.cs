using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Kubernetes.Client;

namespace NetPulse.Kubernetes.Tests.Client;

internal static class TestClient
{
    public static KubernetesClient Of(Uri server) => Of(new KubernetesConfiguration { Server = server, UserAgent = "netpulse-test/1" });

    public static KubernetesClient Of(KubernetesConfiguration configuration, TimeProvider? time = null) =>
        new(configuration, time ?? TimeProvider.System, NullLogger<KubernetesClient>.Instance);

    /// <summary>The fault with which it is refused; a test that is not refused fails.</summary>
    public static async Task<KubernetesException> RefusedAsync(Func<Task> request) => await Assert.ThrowsAsync<KubernetesException>(request);
}
