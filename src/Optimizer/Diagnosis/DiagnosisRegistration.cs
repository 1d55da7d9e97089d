using NetPulse.Telemetry.Store;

namespace NetPulse.Optimizer.Diagnosis;

internal static class DiagnosisRegistration
{
    public static IServiceCollection AddDiagnosis(this IServiceCollection services) =>
        services.AddSingleton(static provider => new CauseSearch(provider.GetRequiredService<ISampleStore>(), CauseRules.All));
}
