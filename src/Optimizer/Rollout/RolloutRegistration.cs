using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Proposals;
using NetPulse.Optimizer.Verify;

namespace NetPulse.Optimizer.Rollout;

internal static class RolloutRegistration
{
    public static IServiceCollection AddRollout(this IServiceCollection services) => services
        .AddSingleton<Outlook>()
        .AddSingleton<NodeTuningWriter>()
        .AddSingleton<GateMeter>()
        .AddSingleton<CanaryMeasurement>()
        .AddSingleton<ChangeLifecycle>()
        .AddSingleton<Narrative>()
        .AddSingleton<DetectionMemory>()
        .AddHostedService(static provider => provider.GetRequiredService<DetectionMemory>());
}
