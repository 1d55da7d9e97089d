using NetPulse.Collector.Attribution;
using NetPulse.Collector.Export;
using NetPulse.Collector.Sampling;
using NetPulse.Collector.Sources.Kubelet;
using NetPulse.Hosting;

return await ServiceStart.RunAsync(args, static configuration =>
{
    var builder = WebApplication.CreateEmptyBuilder(new());
    builder.UseServiceConfiguration(configuration);
    builder.ListenOnHttp("127.0.0.1:9470");
    builder.Services.AddAttribution();
    builder.Services.AddSampling();
    builder.Services.AddKubelet(configuration.Root);
    builder.Services.AddExport(configuration.Root);

    var app = builder.Build();
    app.MapMetrics();
    return app;
});
