using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using NetPulse.Hosting;

namespace NetPulse.Optimizer.Cluster;

public sealed class ClusterOptions
{
    /// <summary>Directory of YAML objects that stands for the API server in standalone mode.</summary>
    [Required]
    public string ObjectsDirectory { get; set; } = "/var/lib/netpulse/objects";

    /// <summary>File of an OptimizationPolicy; without one we only observe.</summary>
    public string PolicyFile { get; set; } = "";
}

[OptionsValidator]
internal sealed partial class ClusterOptionsValidator : IValidateOptions<ClusterOptions>;

internal static class ClusterRegistration
{
    public static IServiceCollection AddCluster(this IServiceCollection services) => services
        .AddSettings<ClusterOptions, ClusterOptionsValidator>("cluster")
        .AddSingleton(static provider => new ObjectsDirectory(provider.GetRequiredService<IOptions<ClusterOptions>>().Value, provider.GetRequiredService<TimeProvider>()));
}
