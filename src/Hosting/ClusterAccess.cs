using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NetPulse.Kubernetes.Client;

namespace NetPulse.Hosting;

public static class ClusterAccess
{
    /// <summary>Which source a section's field <c>source</c> names; <see cref="ObjectSource.Directory"/> unless set. A word that is none is told by the check of the settings.</summary>
    public static ObjectSource ObjectSourceOf(this IConfiguration configuration, string section) =>
        Enum.TryParse<ObjectSource>(configuration[$"{section}:source"], ignoreCase: true, out var source) ? source : ObjectSource.Directory;

    /// <summary>The client of the API server, one for the process.</summary>
    /// <param name="services">Where it is registered.</param>
    /// <param name="setting">Which setting asks for it, as <c>cluster.source</c>.</param>
    /// <param name="fieldManager">Owner of the fields that we write.</param>
    public static IServiceCollection AddKubernetesClient(this IServiceCollection services, string setting, string fieldManager = "netpulse") => services
        .AddSingleton(provider => new KubernetesClient(Configured(setting), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<KubernetesClient>>()) { FieldManager = fieldManager });

    /// <exception cref="StartRefusedException">Nothing says where the API server is.</exception>
    private static KubernetesConfiguration Configured(string setting)
    {
        try
        {
            return KubernetesConfiguration.Default();
        }
        catch (KubeconfigException e)
        {
            throw new StartRefusedException($"{setting}: Cluster needs an API server: {e.Message}; run in a pod with a service account, set KUBECONFIG, or choose Directory", e);
        }
    }
}
