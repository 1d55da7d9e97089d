using NetPulse.Hosting;
using NetPulse.Optimizer;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Optimizer.Ingest;
using NetPulse.Optimizer.Journal;
using NetPulse.Optimizer.Rollout;
using NetPulse.Optimizer.Schedule;
using NetPulse.Optimizer.Web;

return await ServiceStart.RunAsync(args, static configuration =>
{
    var builder = WebApplication.CreateEmptyBuilder(new());
    builder.UseServiceConfiguration(configuration);
    builder.ListenOnHttp("127.0.0.1:8470");
    builder.Services.AddRouting();
    builder.Services.AddSampleStore();
    builder.Services.AddCluster();
    builder.Services.AddDetection();
    builder.Services.AddDiagnosis();
    builder.Services.AddJournal();
    builder.Services.AddRollout();
    builder.Services.AddSingleton<OptimizationRun>();
    builder.Services.AddSchedule();
    builder.Services.AddHostedService<StartReport>();

    var app = builder.Build();
    app.MapRemoteWrite();
    app.MapApi();
    app.MapHealth();
    app.MapPage();
    return app;
});
