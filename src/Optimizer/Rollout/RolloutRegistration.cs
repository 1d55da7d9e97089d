using Microsoft.Extensions.Options;
using NetPulse.Hosting;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Events;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Proposals;
using NetPulse.Optimizer.Verify;

namespace NetPulse.Optimizer.Rollout;

internal static class RolloutRegistration
{
    public static IServiceCollection AddRollout(this IServiceCollection services, IConfiguration configuration)
    {
        if (configuration.ObjectSourceOf(ClusterOptions.Section) == ObjectSource.Cluster)
        {
            services.AddEvents();
        }

        return services.AddRollout();
    }

    /// <summary>So that <c>kubectl describe</c> tells the story.</summary>
    private static void AddEvents(this IServiceCollection services) => services
        .AddSingleton(static provider => new EventRecorder(
            provider.GetRequiredService<KubernetesClient>(), "netpulse.io/optimizer", provider.GetRequiredService<Leader>().Identity, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<EventRecorder>>()))
        .AddSingleton<RecommendationEvents>()
        .AddSingleton<ProblemEvents>()
        .AddSingleton<PolicyConditions>()
        .AddHostedService<LeaderlessNotice>()
        .AddHostedService(static provider => provider.GetRequiredService<RecommendationEvents>());

    private static IServiceCollection AddRollout(this IServiceCollection services) => services
        .AddSettings<RecommendationOptions, RecommendationOptionsValidator>(RecommendationOptions.Section)
        .AddSingleton<RecommendationNames>()
        .AddSingleton<RecommendationBook>()
        .AddSingleton(static provider => new RecommendationPlace(
            provider.GetRequiredService<IOptions<RecommendationOptions>>().Value.Namespace is { Length: > 0 } named ? named : provider.GetService<KubernetesClient>()?.Configuration.Namespace ?? "netpulse",
            provider.GetRequiredService<IOptions<ClusterOptions>>().Value.Group))
        .AddSingleton<Outlook>()
        .AddSingleton<NodeTuningWriter>()
        .AddSingleton<GateMeter>()
        .AddSingleton<CanaryMeasurement>()
        .AddSingleton<ChangeLifecycle>()
        .AddSingleton<Narrative>()
        .AddSingleton<DetectionMemory>()
        .AddHostedService(static provider => provider.GetRequiredService<DetectionMemory>());
}
