namespace NetPulse.Optimizer.Diagnosis;

internal static class DiagnosisRegistration
{
    public static IServiceCollection AddDiagnosis(this IServiceCollection services) => services
        .AddSingleton<ICauseRule, ReceiveWindowBelowBandwidthDelay>()
        .AddSingleton<ICauseRule, SlowReader>()
        .AddSingleton<CauseSearch>();
}
