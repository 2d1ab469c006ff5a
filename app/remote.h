#pragma once

#include "app/services.h"
#include "ports/rpc/channel.h"

namespace kith {

// Every service behind one channel.
class RemoteServices {
 public:
  explicit RemoteServices(Channel& channel);
  Services services();

 private:
  users::RemoteUsers users_;
  graph::RemoteGraph graph_;
  posts::RemotePosts posts_;
  reactions::RemoteReactions reactions_;
  pages::RemotePages pages_;
  timeline::RemoteTimeline timeline_;
  notifications::RemoteNotifications notifications_;
  search::RemoteSearch search_;
  auth::RemoteAuth auth_;
};

}  // namespace kith
